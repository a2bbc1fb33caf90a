"""Cases of people who ask for an e-residency: apply, check, decide by two, collect, suspend, revoke, renew.

`routes.py` (residents) and `staff_routes.py` (officers) are HTTP in and out; one module per verb
does what happens; `rows.py` holds the tables and all SQL. Scenarios S01, S02 and S05.
"""
