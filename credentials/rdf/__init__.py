"""RDF datasets: N-Quads in and out, and their canonical form (RDFC-1.0)."""
