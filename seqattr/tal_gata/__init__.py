"""The TAL-GATA experiment (Shrikumar, Greenside & Kundaje 2017, section 4.2): run, summarised, judged."""
