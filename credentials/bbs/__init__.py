"""BBS signatures over BLS12-381 (IRTF CFRG draft-irtf-cfrg-bbs-signatures-09) and their blind variant."""
