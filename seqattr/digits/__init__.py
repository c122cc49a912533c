"""The experiment with digits (Shrikumar, Greenside & Kundaje 2017, section 4.1) on scikit-learn's digits.

Its files in the order of reading:

network     the digits, 8 x 8 pixels, and a small convolutional net that tells them apart
experiment  pixels erased to turn one digit into another, and how far each method moves the log-odds
figures     box plots of that, and digits with pixels erased, after figure 4
run         the whole in one process: train, erase, tables and figures
"""
