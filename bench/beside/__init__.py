"""What the figures beside other programs share: sets of pages, the programs, the scores."""
