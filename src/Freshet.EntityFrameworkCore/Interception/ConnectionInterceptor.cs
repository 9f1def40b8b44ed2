using System.Data.Common;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>A transaction ends with its connection, and whatever is opened in a load reads nothing from before it.</summary>
internal sealed class ConnectionInterceptor(WriteLog writes) : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => writes.Of(connection).Opened();

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        writes.Of(connection).Opened();
        return Task.CompletedTask;
    }

    public override InterceptionResult ConnectionClosing(DbConnection connection, ConnectionEventData eventData, InterceptionResult result)
    {
        writes.Of(connection).IsClosing = true;
        return result;
    }

    public override ValueTask<InterceptionResult> ConnectionClosingAsync(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result) => new(ConnectionClosing(connection, eventData, result));

    public override void ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => writes.Invalidate(Closed(connection));

    public override async Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData) =>
        await writes.InvalidateAsync(Closed(connection));

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

    private IReadOnlyList<Touch> Closed(DbConnection connection) => writes.Of(connection).Closed();
}
