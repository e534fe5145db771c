"""The two built-in sets of terms, copied out of the clause catalogue as constants.

Nothing is computed here.
"""

GS, CS = "grupo-staff", "customsoft"
MINUTE, HOUR, DAY = 60, 3600, 86_400

# Each key with its names; the first is the default.
READINGS = {
    "gs.2.3": ("reset-by-answer", "never-reset"),
    "gs.2.5": ("five-days", "attempts-suffice"),
    "gs.3.4": ("from-call", "from-email"),
    "gs.4": ("support-hours", "clock-hours", "critical-clock"),
    "gs.wait": ("runs", "stops"),
    "gs.5": ("upper-end", "lower-end"),
    "gs.5.base": ("support-hours", "clock-hours"),
    "gs.5.5": ("official-request", "first-response"),
    "gs.5.6": ("before-due", "any-time"),
    "gs.6.daily": ("each", "one-a-day"),
    "gs.6.attempts": ("not-billed", "billed"),
    "gs.7": ("full-session", "own-minutes"),
    "gs.8.1": ("mexico-city", "utc-6"),
    "gs.8.1.holidays": ("none", "mexican"),
    "gs.9": ("runs", "pauses"),
    "cs.2": ("clock-hours", "support-hours"),
    "cs.4": ("no-transfer", "transfer"),
    "cs.4.2": ("15-tickets", "14-events"),
    "cs.4.4": ("calendar-month", "policy-month"),
    "cs.5": ("discount", "list-price"),
    "cs.8.1": ("support-minutes", "clock-minutes"),
    "cs.8.2": ("support-hours", "working-day-hours", "three-days"),
    "cs.8.2.availability": ("runs", "stops"),
    "cs.8.5": ("stops", "runs"),
}

# The readings that stand in the row of a clause that a clock may cite.
READINGS_OF_CLAUSE = {
    "gs.3.4": ("gs.3.4",),
    "gs.4": ("gs.4", "gs.wait"),
    "gs.5": ("gs.5", "gs.5.base"),
    "gs.5.1": ("gs.5", "gs.5.base"),
    "gs.5.2": ("gs.5", "gs.5.base"),
    "gs.5.3": ("gs.5", "gs.5.base"),
    "gs.5.4": ("gs.5", "gs.5.base"),
    "gs.5.5": ("gs.5.5",),
    "gs.5.6": ("gs.5.6",),
    "gs.8.1": ("gs.8.1", "gs.8.1.holidays"),
    "gs.9": ("gs.9",),
    "cs.2": ("cs.2",),
    "cs.8.1": ("cs.8.1",),
    "cs.8.2": ("cs.8.2", "cs.8.2.availability"),
    "cs.8.5": ("cs.8.5",),
}

PRIORITIES = {GS: ("critical", "high", "medium", "low"), CS: ("P1", "P2", "P3", "P4", "P5")}
KINDS = ("incident", "question", "request")
CHANNELS = ("email", "phone", "chat", "portal", "remote", "onsite")
INCIDENT_TYPES = ("technical-regular", "technical-urgent", "maintenance", "investigation")
BENEFITS = ("equipment_discount", "learning_material", "project_advice")
FOLLOW_UPS = ("progress", "follow_up", "conclusion", "closing", "daily_email", "other")
TIERS = ("basic", "intermediate", "advanced")
NOT_UNDER_CS = ("ExtensionRequested", "IncidentClassified", "AfterHoursRequested")

# gs.4: [earliest, latest] answer.
RESPONSE_RANGE = {
    "critical": (0, 30 * MINUTE),
    "high": (1 * HOUR, 4 * HOUR),
    "medium": (8 * HOUR, 16 * HOUR),
    "low": (16 * HOUR, 24 * HOUR),
}
# gs.5: clause, lower end, upper end.
SOLUTION_RANGE = {
    "technical-regular": ("gs.5.1", 6 * HOUR, 6 * HOUR),
    "technical-urgent": ("gs.5.2", 4 * HOUR, 4 * HOUR),
    "maintenance": ("gs.5.3", 16 * HOUR, 36 * HOUR),
    "investigation": ("gs.5.4", 8 * HOUR, 16 * HOUR),
}
ORDINARY_DAY = {GS: 34_200, CS: 25_200}
CALENDAR_CLAUSE = {GS: "gs.8.1", CS: "cs.3"}
UNATTENDED_CLAUSE = {GS: "gs.2.1", CS: "cs.8.4"}

# cs.4.1-3: total, by priority, discount.
QUOTAS = {
    "basic": (8, {"P1": 5, "P2": 2, "P3": 1, "P4": 0, "P5": 0}, 10),
    "intermediate": (15, {"P1": 6, "P2": 5, "P3": 4, "P4": 0, "P5": 0}, 15),
    "advanced": (20, {"P1": 10, "P2": 5, "P3": 5, "P4": 0, "P5": 0}, 15),
}
VISITS_A_MONTH = 1
FOLLOW_UP_MINUTES = 15
VENDOR_LEVEL = 4


def settled(readings: dict | None) -> dict:
    """Every reading with the name in force; KeyError for a key or name that is not in the catalogue."""
    chosen = {key: names[0] for key, names in READINGS.items()}
    for key, name in (readings or {}).items():
        if name not in READINGS[key]:
            raise KeyError(f"{key}={name}")
        chosen[key] = name
    return chosen
