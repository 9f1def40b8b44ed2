using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>
/// A connection whose commands the cache sees: what they read in a load becomes dependencies, what they write invalidates once
/// it is committed. Dapper and everything else that is written against <see cref="System.Data.Common"/> runs on it.
/// </summary>
public class FreshetConnection : DbConnection
{
    private readonly DbConnection _inner;
    private readonly bool _ownsInner;
    private FreshetTransaction? _transaction;
    private StateChangeEventHandler? _stateChange;
    private bool _opened;

    internal FreshetConnection(DbConnection inner, ConnectionWatch watch, bool ownsInner) => (_inner, Watch, _ownsInner) = (inner, watch, ownsInner);

    /// <inheritdoc/>
    public override event StateChangeEventHandler? StateChange
    {
        add
        {
            if (_stateChange is null)
                _inner.StateChange += Forward;
            _stateChange += value;
        }

        remove
        {
            _stateChange -= value;
            if (_stateChange is null)
                _inner.StateChange -= Forward;
        }
    }

    /// <summary>
    /// The provider's connection, for what only that can do, such as <c>COPY</c>. The cache does not see what runs on it: a load
    /// that takes it is not stored, and what is written on it has to be told to <see cref="CacheInvalidationService"/>.
    /// </summary>
    public DbConnection Inner
    {
        get
        {
            Watch.IsShared = true;
            LoadScope.Current?.DoNotStore(CacheReason.UnknownSource, "it takes the provider's connection, whose commands are not seen");
            return _inner;
        }
    }

    /// <inheritdoc/>
    [AllowNull]
    public override string ConnectionString
    {
        get => _inner.ConnectionString;
        set => _inner.ConnectionString = value;
    }

    /// <inheritdoc/>
    public override int ConnectionTimeout => _inner.ConnectionTimeout;

    /// <inheritdoc/>
    public override string Database => _inner.Database;

    /// <inheritdoc/>
    public override string DataSource => _inner.DataSource;

    /// <inheritdoc/>
    public override string ServerVersion => _inner.ServerVersion;

    /// <inheritdoc/>
    public override ConnectionState State => _inner.State;

    /// <inheritdoc/>
    public override bool CanCreateBatch => _inner.CanCreateBatch;

    internal ConnectionWatch Watch { get; }

    /// <inheritdoc/>
    public override void Open()
    {
        try
        {
            _inner.Open();
        }
        catch
        {
            Failed();
            throw;
        }

        Opened();
    }

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _inner.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Failed();
            throw;
        }

        Opened();
    }

    /// <inheritdoc/>
    public override void Close()
    {
        Watch.Closing();
        try
        {
            _inner.Close();
        }
        finally
        {
            Watch.Writes.Invalidate(Closed());
        }
    }

    /// <inheritdoc/>
    public override async Task CloseAsync()
    {
        Watch.Closing();
        try
        {
            await _inner.CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            await Watch.Writes.InvalidateAsync(Closed()).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override void ChangeDatabase(string databaseName) => _inner.ChangeDatabase(databaseName);

    /// <inheritdoc/>
    public override Task ChangeDatabaseAsync(string databaseName, CancellationToken cancellationToken = default) =>
        _inner.ChangeDatabaseAsync(databaseName, cancellationToken);

    /// <inheritdoc/>
    public override void EnlistTransaction(System.Transactions.Transaction? transaction)
    {
        _inner.EnlistTransaction(transaction);
        Watch.Enlisted(transaction);
    }

    /// <inheritdoc/>
    public override DataTable GetSchema() => Unseen(_inner.GetSchema);

    /// <inheritdoc/>
    public override DataTable GetSchema(string collectionName) => Unseen(() => _inner.GetSchema(collectionName));

    /// <inheritdoc/>
    public override DataTable GetSchema(string collectionName, string?[] restrictionValues) =>
        Unseen(() => _inner.GetSchema(collectionName, restrictionValues));

    /// <inheritdoc/>
    public override Task<DataTable> GetSchemaAsync(CancellationToken cancellationToken = default) => Unseen(() => _inner.GetSchemaAsync(cancellationToken));

    /// <inheritdoc/>
    public override Task<DataTable> GetSchemaAsync(string collectionName, CancellationToken cancellationToken = default) =>
        Unseen(() => _inner.GetSchemaAsync(collectionName, cancellationToken));

    /// <inheritdoc/>
    public override Task<DataTable> GetSchemaAsync(string collectionName, string?[] restrictionValues, CancellationToken cancellationToken = default) =>
        Unseen(() => _inner.GetSchemaAsync(collectionName, restrictionValues, cancellationToken));

    /// <summary>Closes what it opened. A context's connection stays the context's; any other is disposed.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (MustClose())
            await CloseAsync().ConfigureAwait(false);
        if (_ownsInner)
            await _inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    internal static DbConnection? Undecorated(DbConnection? connection) => connection is FreshetConnection decorated ? decorated._inner : connection;

    /// <summary>What stands for the provider's connection: nobody is handed the provider's own by the way.</summary>
    internal DbConnection? Decorated(DbConnection? connection) => ReferenceEquals(connection, _inner) ? this : connection;

    internal DbTransaction? Decorated(DbTransaction? transaction)
    {
        if (transaction is null || _transaction?.IsOf(transaction) == true)
            return transaction is null ? null : _transaction;
        return _transaction = new FreshetTransaction(this, transaction, Watch.Writes.Of(transaction));
    }

    /// <inheritdoc/>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel)
    {
        var transaction = _inner.BeginTransaction(isolationLevel);
        Watch.Writes.Invalidate(Watch.Writes.Begin(_inner, transaction, owner: null, isOfSave: false));
        return Begun(transaction);
    }

    /// <inheritdoc/>
    protected override async ValueTask<DbTransaction> BeginDbTransactionAsync(IsolationLevel isolationLevel, CancellationToken cancellationToken)
    {
        var transaction = await _inner.BeginTransactionAsync(isolationLevel, cancellationToken).ConfigureAwait(false);
        await Watch.Writes.InvalidateAsync(Watch.Writes.Begin(_inner, transaction, owner: null, isOfSave: false)).ConfigureAwait(false);
        return Begun(transaction);
    }

    /// <inheritdoc/>
    protected override DbCommand CreateDbCommand() => new WatchedCommand(this, _inner.CreateCommand());

    /// <inheritdoc/>
    protected override DbBatch CreateDbBatch() => new WatchedBatch(this, _inner.CreateBatch());

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (MustClose())
                Close();
            if (_ownsInner)
                _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // What the schema says changes without a record.
    private static T Unseen<T>(Func<T> read)
    {
        LoadScope.Current?.DoNotStore(CacheReason.UnknownSource, "it reads the schema of the database");
        return read();
    }

    // Whoever sends a command when the state changes sends it through the sender.
    private void Forward(object? sender, StateChangeEventArgs e) => _stateChange?.Invoke(this, e);

    private static void Failed() => LoadScope.Current?.DoNotStore(CacheReason.NestedUnknown);

    private void Opened()
    {
        _opened = true;
        Watch.Opened();
    }

    private IReadOnlyList<Touch> Closed()
    {
        (_opened, _transaction) = (false, null);
        return Watch.Closed();
    }

    private bool MustClose() => (_opened || _ownsInner) && _inner.State is not ConnectionState.Closed;

    private FreshetTransaction Begun(DbTransaction transaction) =>
        _transaction = new FreshetTransaction(this, transaction, Watch.Writes.Of(transaction));
}
