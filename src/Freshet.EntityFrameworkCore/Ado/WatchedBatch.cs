using System.Data;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Interception;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>A batch of a decorated connection: each of its commands is judged as one that runs alone is.</summary>
internal sealed class WatchedBatch(FreshetConnection connection, DbBatch inner) : DbBatch
{
    private FreshetConnection _connection = connection;

    public override int Timeout
    {
        get => inner.Timeout;
        set => inner.Timeout = value;
    }

    protected override DbBatchCommandCollection DbBatchCommands => inner.BatchCommands;

    protected override DbConnection? DbConnection
    {
        get => _connection.Decorated(inner.Connection);
        set
        {
            if (value is FreshetConnection decorated)
                _connection = decorated;
            inner.Connection = FreshetConnection.Undecorated(value);
        }
    }

    protected override DbTransaction? DbTransaction
    {
        get => _connection.Decorated(inner.Transaction);
        set => inner.Transaction = FreshetTransaction.Undecorated(value);
    }

    private Statement[] Statements => [.. inner.BatchCommands.Select(c => new Statement(c.CommandText, c.CommandType, c.Parameters))];

    public override void Cancel() => inner.Cancel();

    public override void Prepare() => inner.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public override int ExecuteNonQuery() => _connection.Watch.Run(inner.Connection, inner.Transaction, Statements, inner.ExecuteNonQuery);

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken = default) =>
        _connection.Watch.RunAsync(inner.Connection, inner.Transaction, Statements, () => inner.ExecuteNonQueryAsync(cancellationToken));

    public override object? ExecuteScalar() => _connection.Watch.Run(inner.Connection, inner.Transaction, Statements, inner.ExecuteScalar);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken = default) =>
        _connection.Watch.RunAsync(inner.Connection, inner.Transaction, Statements, () => inner.ExecuteScalarAsync(cancellationToken));

    protected override DbBatchCommand CreateDbBatchCommand() => inner.CreateBatchCommand();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
        _connection.Watch.Read(inner.Connection, inner.Transaction, Statements, () => inner.ExecuteReader(behavior));

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        _connection.Watch.ReadAsync(inner.Connection, inner.Transaction, Statements, () => inner.ExecuteReaderAsync(behavior, cancellationToken));

    public override void Dispose()
    {
        inner.Dispose();
        base.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
