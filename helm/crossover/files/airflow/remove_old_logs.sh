#!/bin/sh
# Removes task logs that are older than DAYS, once a day.
set -eu
trap 'exit 0' TERM
while true; do
  find /opt/airflow/logs -type f -mtime "+$1" -delete
  find /opt/airflow/logs -mindepth 1 -type d -empty -delete
  touch /tmp/cleaned
  sleep 86400 &
  wait $!
done
