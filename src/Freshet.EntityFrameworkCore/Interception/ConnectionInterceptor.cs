using System.Data.Common;
using Freshet.EntityFrameworkCore.Writes;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>A transaction that was begun in SQL ends with its connection; a pooled one must not inherit what it held.</summary>
internal sealed class ConnectionInterceptor(WriteLog writes) : DbConnectionInterceptor
{
    public override void ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => writes.Invalidate(writes.Closed(connection));

    public override async Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData) =>
        await writes.InvalidateAsync(writes.Closed(connection));

    // C3: what the command on it would have read was not reported, and no record will say that the connection is back.
    public override void ConnectionFailed(DbConnection connection, ConnectionErrorEventData eventData) =>
        LoadScope.Current?.DoNotStore(CacheReason.NestedUnknown);

    public override Task ConnectionFailedAsync(DbConnection connection, ConnectionErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionFailed(connection, eventData);
        return Task.CompletedTask;
    }

    public override Task ConnectionCanceledAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        LoadScope.Current?.DoNotStore(CacheReason.NestedUnknown);
        return Task.CompletedTask;
    }
}
