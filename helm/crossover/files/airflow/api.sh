#!/bin/sh
# The auth manager opens its password file for writing, which a mounted Secret does not allow.
set -eu
umask 077
cp /etc/crossover/users/passwords.json /tmp/passwords.json
exec airflow api-server
