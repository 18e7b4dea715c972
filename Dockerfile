# The project's images; `make images` builds them all (BuildKit; no other image is pulled than the two bases).
#
# target         runs                                           holds
# app            ingest, load, generator, benchmark, setup      Python, the packages of a job, the wheel
# spark          drivers, executors, the Spark Connect server   app's packages, Java, pyspark, the connectors, spark_jobs
# airflow        API server, scheduler, DAG processor, ...      Airflow, the DAGs, the plugin, the pod templates, the wheel
# airflow-local  the same in Compose, jobs beside the scheduler airflow, Java, pyspark, the connectors, spark_jobs
#
# app and spark share their layers up to the packages. Packages are locked by hash; what builds is in no image.
# All run as a fixed user without a login, on a read-only root: only /tmp is written to, and what Airflow is told to write.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG AIRFLOW_IMAGE=apache/airflow:3.3.2-python3.11

FROM ${PYTHON_IMAGE} AS tools
COPY requirements-build.txt /opt/tools/
RUN python -m venv /opt/tools && \
    /opt/tools/bin/pip install --no-cache-dir --require-hashes --requirement /opt/tools/requirements-build.txt
COPY docker/install-locked /opt/tools/bin/

FROM tools AS wheel
COPY pyproject.toml README.md /source/
COPY include /source/include
RUN /opt/tools/bin/uv build --wheel --no-build-isolation --python /opt/tools/bin/python --out-dir /wheel /source

FROM ${PYTHON_IMAGE} AS app-packages
RUN apt-get update && \
    apt-get install --yes --no-install-recommends procps tini && \
    rm -rf /var/lib/apt/lists/* && \
    groupadd --gid 10001 crossover && \
    useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin crossover
ENV VIRTUAL_ENV=/opt/crossover/venv
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,source=requirements-app.txt,target=/mnt/requirements-app.txt \
    --mount=type=cache,target=/mnt/cache \
    /opt/tools/bin/uv venv --python "$(command -v python)" "$VIRTUAL_ENV" && \
    /opt/tools/bin/install-locked -r /mnt/requirements-app.txt
ENV PATH=/opt/crossover/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib TZ=UTC LANG=C.UTF-8

FROM app-packages AS app
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,from=wheel,source=/wheel,target=/mnt/wheel \
    /opt/tools/bin/uv pip install --no-cache --no-deps --compile-bytecode /mnt/wheel/*.whl
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title=crossover-app \
      org.opencontainers.image.description="ingest, load, generator and benchmark client of crossover" \
      org.opencontainers.image.version=$VERSION
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["tini", "--"]
CMD ["crossover", "--help"]

FROM app-packages AS spark-packages
RUN apt-get update && \
    apt-get install --yes --no-install-recommends openjdk-17-jre-headless && \
    rm -rf /var/lib/apt/lists/*
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,source=requirements-job.txt,target=/mnt/requirements-job.txt \
    --mount=type=cache,target=/mnt/cache \
    /opt/tools/bin/install-locked -r /mnt/requirements-job.txt
ENV SPARK_HOME=/opt/crossover/venv/lib/python3.11/site-packages/pyspark

# Only what names the jars: a change elsewhere in the package does not fetch them again.
FROM spark-packages AS connectors
COPY include/crossover/__init__.py include/crossover/errors.py /source/crossover/
COPY include/crossover/stack/__init__.py include/crossover/stack/jars.py include/crossover/stack/jars.lock /source/crossover/stack/
RUN PYTHONPATH=/source python -m crossover.stack.jars /jars --pyspark "$SPARK_HOME" --only spark

FROM spark-packages AS spark
COPY --from=connectors /jars /opt/crossover/jars
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,from=wheel,source=/wheel,target=/mnt/wheel \
    /opt/tools/bin/uv pip install --no-cache --no-deps --compile-bytecode /mnt/wheel/*.whl
COPY docker/entrypoint.sh /opt/crossover/
COPY spark_jobs /opt/crossover/spark_jobs
ENV PYTHONPATH=/opt/crossover \
    CROSSOVER_SPARK__JARS=/opt/crossover/jars/spark \
    PYSPARK_PYTHON=/opt/crossover/venv/bin/python PYSPARK_DRIVER_PYTHON=/opt/crossover/venv/bin/python
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title=crossover-spark \
      org.opencontainers.image.description="Spark drivers, executors and Spark Connect server of crossover" \
      org.opencontainers.image.version=$VERSION
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["/opt/crossover/entrypoint.sh"]

FROM ${AIRFLOW_IMAGE} AS airflow-packages
USER root
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,source=requirements-airflow.txt,target=/mnt/requirements-airflow.txt \
    --mount=type=cache,target=/mnt/cache \
    /opt/tools/bin/install-locked -r /mnt/requirements-airflow.txt && \
    touch /opt/airflow/airflow.cfg
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp/matplotlib \
    CROSSOVER_HOME=/tmp/crossover \
    PYTHONPATH=/opt/crossover \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/crossover/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/crossover/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False

FROM airflow-packages AS airflow
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,from=wheel,source=/wheel,target=/mnt/wheel \
    /opt/tools/bin/uv pip install --no-cache --no-deps --compile-bytecode /mnt/wheel/*.whl
COPY pyproject.toml /opt/crossover/
COPY include/pods /opt/crossover/include/pods
COPY plugins /opt/crossover/plugins
COPY dags /opt/crossover/dags
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title=crossover-airflow \
      org.opencontainers.image.description="Airflow with the DAGs, the plugin and the pod templates of crossover" \
      org.opencontainers.image.version=$VERSION
USER 50000:0

FROM airflow-packages AS airflow-local-packages
RUN apt-get update && \
    apt-get install --yes --no-install-recommends openjdk-17-jre-headless && \
    rm -rf /var/lib/apt/lists/*
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,source=requirements-job.txt,target=/mnt/requirements-job.txt \
    --mount=type=cache,target=/mnt/cache \
    /opt/tools/bin/install-locked -r /mnt/requirements-job.txt

FROM airflow-local-packages AS airflow-local
COPY --from=connectors /jars /opt/crossover/jars
RUN --mount=type=bind,from=tools,source=/opt/tools,target=/opt/tools \
    --mount=type=bind,from=wheel,source=/wheel,target=/mnt/wheel \
    /opt/tools/bin/uv pip install --no-cache --no-deps --compile-bytecode /mnt/wheel/*.whl
COPY --from=airflow /opt/crossover /opt/crossover
COPY spark_jobs /opt/crossover/spark_jobs
ENV CROSSOVER_SPARK__JARS=/opt/crossover/jars/spark
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title=crossover-airflow-local \
      org.opencontainers.image.description="crossover-airflow with Java and Spark, for jobs that run beside the scheduler" \
      org.opencontainers.image.version=$VERSION
USER 50000:0
