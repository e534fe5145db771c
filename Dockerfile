# bitacora as the containers of docker-compose.yml run it; keys of personal texts are on the volume /keys, never in the image.
FROM python:3.13-slim
WORKDIR /app
COPY pyproject.toml README.md ./
COPY domain domain
COPY projections projections
COPY replay replay
COPY adapters adapters
RUN pip install --no-cache-dir . && useradd --create-home bitacora && mkdir /keys && chown bitacora /keys
USER bitacora
VOLUME /keys
ENTRYPOINT ["bitacora"]
