#!/bin/sh
# Makes the data folder once, in a folder aside that is renamed when it is whole, then becomes the server.
set -eu
data=/var/lib/postgresql/18/docker
if [ ! -s "$data/PG_VERSION" ]; then
  echo "INFO: making a new PostgreSQL cluster in $data"
  rm -rf "$data.new"
  mkdir -p "$data.new"
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  initdb -D "$data.new" -U postgres --auth=scram-sha-256 --pwfile=/tmp/password \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums >/dev/null
  rm /tmp/password
  rm -rf "$data"
  mv "$data.new" "$data"
  sync
fi
# A change of the volume's group by the kubelet would leave it open to the group, which the server refuses.
chmod 0700 "$data"
unset POSTGRES_PASSWORD
exec postgres -D "$data" -c config_file=/etc/crossover/postgres/postgresql.conf
