"""The auditor's page: server-rendered, in Spanish and English, readable without JavaScript; every state of it is its URL."""
