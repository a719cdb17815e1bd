"""What things are: frozen values of the standard library; knows no clock, no network, no database."""
