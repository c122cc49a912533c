"""HDF5: contributions in their layout, learned patterns, large arrays and named tables."""
