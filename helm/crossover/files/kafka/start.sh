#!/bin/sh
# Starts one broker that is a controller, too. An empty volume is formatted once, with the user admin in it.
set -eu
number=${POD_NAME##*-}
host=$POD_NAME.crossover-kafka-brokers.$POD_NAMESPACE.svc
run=/run/crossover
umask 077
cat /etc/crossover/tls/tls.key /etc/crossover/tls/tls.crt >$run/keystore.pem
cat /etc/crossover/kafka/server.properties >$run/server.properties
cat >>$run/server.properties <<EOF
node.id=$number
advertised.listeners=CLIENT://$host:9092,INTERNAL://$host:9094
EOF
if [ ! -f /var/lib/kafka/log/meta.properties ]; then
  echo "INFO: formatting broker $number"
  # Its output holds the password's verifier.
  if ! /opt/kafka/bin/kafka-storage.sh format -t "$CLUSTER_ID" -c $run/server.properties \
    --add-scram "SCRAM-SHA-512=[name=admin,password=$KAFKA_ADMIN_PASSWORD]" >$run/format.log 2>&1; then
    sed '/Scram/d' $run/format.log
    exit 1
  fi
fi
unset KAFKA_ADMIN_PASSWORD
exec /opt/kafka/bin/kafka-server-start.sh $run/server.properties
