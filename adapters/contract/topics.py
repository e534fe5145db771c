"""The topics that integrators subscribe to, by name. Their partitions and settings are up to whoever makes them."""

ENTRIES = "bitacora.entries"
SLA = "bitacora.sla"
CONSUMPTION = "bitacora.consumption"
BILLING = "bitacora.billing"
CHECKPOINTS = "bitacora.checkpoints"
