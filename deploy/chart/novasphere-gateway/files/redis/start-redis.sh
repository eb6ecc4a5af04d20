#!/bin/sh
# usage: start-redis.sh CONFIGURATION [OPTION...]
# Starts Redis with the permissions of users.acl.template. The password is in
# NOVASPHERE_REDIS_PASSWORD, or in the file that NOVASPHERE_REDIS_PASSWORD_FILE names. Redis gets its
# SHA-256 only; the front end gets the password itself.
set -eu

password=${NOVASPHERE_REDIS_PASSWORD:-}
if [ -n "${NOVASPHERE_REDIS_PASSWORD_FILE:-}" ]; then
	password=$(cat "$NOVASPHERE_REDIS_PASSWORD_FILE")
fi
if [ "${#password}" -lt 16 ]; then
	echo "NOVASPHERE_REDIS_PASSWORD, or the file that NOVASPHERE_REDIS_PASSWORD_FILE names, must have at least 16 characters" >&2
	exit 1
fi
hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
unset password NOVASPHERE_REDIS_PASSWORD
umask 077
sed "s/PASSWORD_SHA256/$hash/" /etc/novasphere-redis/users.acl.template > /run/novasphere-redis/users.acl
exec redis-server "$@"
