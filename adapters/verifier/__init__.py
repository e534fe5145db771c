"""The verifier that travels alone: `bitacora_verify.py` needs nothing of this project to check a bundle."""
