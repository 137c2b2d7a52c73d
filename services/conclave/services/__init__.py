"""The services of a Conclave appliance, one package a feature."""
