"""Synthetic participants: drawn people who meet in a room of the appliance, so that one person alone sees it live."""
