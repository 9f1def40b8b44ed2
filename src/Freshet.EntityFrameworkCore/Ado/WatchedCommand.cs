using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Freshet.EntityFrameworkCore.Interception;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>A command of a decorated connection. It is judged anew each time that it runs, by what it says then.</summary>
internal sealed class WatchedCommand(FreshetConnection connection, DbCommand inner) : DbCommand
{
    private FreshetConnection _connection = connection;

    [AllowNull]
    public override string CommandText
    {
        get => inner.CommandText;
        set => inner.CommandText = value;
    }

    public override int CommandTimeout
    {
        get => inner.CommandTimeout;
        set => inner.CommandTimeout = value;
    }

    public override CommandType CommandType
    {
        get => inner.CommandType;
        set => inner.CommandType = value;
    }

    public override bool DesignTimeVisible
    {
        get => inner.DesignTimeVisible;
        set => inner.DesignTimeVisible = value;
    }

    public override UpdateRowSource UpdatedRowSource
    {
        get => inner.UpdatedRowSource;
        set => inner.UpdatedRowSource = value;
    }

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

    protected override DbParameterCollection DbParameterCollection => inner.Parameters;

    protected override DbTransaction? DbTransaction
    {
        get => _connection.Decorated(inner.Transaction);
        set => inner.Transaction = FreshetTransaction.Undecorated(value);
    }

    public override void Cancel() => inner.Cancel();

    public override void Prepare() => inner.Prepare();

    public override Task PrepareAsync(CancellationToken cancellationToken = default) => inner.PrepareAsync(cancellationToken);

    public override int ExecuteNonQuery() =>
        _connection.Watch.Run(inner.Connection, inner.Transaction, [Statement.Of(inner)], inner.ExecuteNonQuery);

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) =>
        _connection.Watch.RunAsync(inner.Connection, inner.Transaction, [Statement.Of(inner)], () => inner.ExecuteNonQueryAsync(cancellationToken));

    public override object? ExecuteScalar() =>
        _connection.Watch.Run(inner.Connection, inner.Transaction, [Statement.Of(inner)], inner.ExecuteScalar);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        _connection.Watch.RunAsync(inner.Connection, inner.Transaction, [Statement.Of(inner)], () => inner.ExecuteScalarAsync(cancellationToken));

    protected override DbParameter CreateDbParameter() => inner.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
        _connection.Watch.Read(inner.Connection, inner.Transaction, [Statement.Of(inner)], () => inner.ExecuteReader(behavior));

    protected override Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        _connection.Watch.ReadAsync(inner.Connection, inner.Transaction, [Statement.Of(inner)], () => inner.ExecuteReaderAsync(behavior, cancellationToken));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
