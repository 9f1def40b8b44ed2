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
}
