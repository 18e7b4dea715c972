#!/bin/sh
# First process of a Spark container. Spark on Kubernetes starts executors with the one argument `executor` and tells the
# rest by environment; anything else is a command and is run as it is.
set -eu

if [ "${1:-}" != executor ]; then
    exec tini -s -- "$@"
fi

# The options are numbered in the order they must have, and the environment has none.
set --
for name in $(env | sed -n 's/^\(SPARK_JAVA_OPT_[0-9][0-9]*\)=.*/\1/p' | sort -t _ -k 4 -n); do
    eval "set -- \"\$@\" \"\$$name\""
done

class_path="${SPARK_CONF_DIR:-/opt/spark/conf}:${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*:$CROSSOVER_SPARK__JARS/*"

exec tini -s -- java "$@" \
    "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" -cp "$class_path" \
    org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" \
    --executor-id "$SPARK_EXECUTOR_ID" \
    --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" \
    --hostname "$SPARK_EXECUTOR_POD_IP" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
    --podName "$SPARK_EXECUTOR_POD_NAME"
