#!/bin/sh
# Airflow's tables and the pool of the benchmarks. Safe to run again.
set -eu
airflow db migrate
airflow pools set benchmark 1 "one benchmark at a time"
python /etc/crossover/airflow/database.py mark
