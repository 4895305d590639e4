/* service.h - a word to the service manager that started us. */
#pragma once

/* Start-up has succeeded: systemd's Type=notify (a datagram READY=1 to $NOTIFY_SOCKET; see sd_notify(3)). Nothing where
 * nobody asked for it. Children do not find NOTIFY_SOCKET afterwards. 0 or -errno. */
int service_ready (void);
