"""Published tables -> what a person reads of them: a pair, a ranking, one page of HTML. Computes nothing."""
