#!/bin/sh
# Formats an empty volume once, aside, and renames the result when it is whole; what is formatted is never formatted
# again. The cluster id is random: DataNodes that belong to a lost NameNode refuse to serve a new, empty one.
set -eu
name=/hadoop/dfs/name
if [ ! -f $name/current/VERSION ]; then
  if [ -n "$(ls -A $name 2>/dev/null)" ]; then
    echo "ERROR: $name holds files but no current/VERSION: it is not formatted, so that nothing is lost"
    exit 1
  fi
  echo "INFO: formatting a new file system"
  rm -rf $name.new
  hdfs namenode -D dfs.namenode.name.dir=file://$name.new -format -nonInteractive
  rm -rf $name
  mv $name.new $name
  sync
fi
exec hdfs namenode
