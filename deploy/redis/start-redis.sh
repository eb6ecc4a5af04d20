#!/bin/sh
# Starts Redis with the rights of users.acl.template, for the password in NOVASPHERE_REDIS_PASSWORD or
# in the file that NOVASPHERE_REDIS_PASSWORD_FILE names: start-redis.sh CONFIGURATION [OPTION...]
# Redis gets the SHA-256 of the password; the front, the password itself.
set -eu

password=${NOVASPHERE_REDIS_PASSWORD:-}
if [ -n "${NOVASPHERE_REDIS_PASSWORD_FILE:-}" ]; then
	password=$(cat "$NOVASPHERE_REDIS_PASSWORD_FILE")
fi
if [ "${#password}" -lt 16 ]; then
	echo "NOVASPHERE_REDIS_PASSWORD, or the file that NOVASPHERE_REDIS_PASSWORD_FILE names, needs 16 characters or more" >&2
	exit 1
fi
hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
unset password NOVASPHERE_REDIS_PASSWORD
umask 077
sed "s/PASSWORD_SHA256/$hash/" /etc/novasphere-redis/users.acl.template > /run/novasphere-redis/users.acl
exec redis-server "$@"
