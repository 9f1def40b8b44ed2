using System.Data.Common;
using Freshet.EntityFrameworkCore.Interception;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.EntityFrameworkCore.Writes;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>A data source whose connections the cache sees.</summary>
/// <param name="inner">The provider's data source.</param>
/// <param name="watch">What commands mean.</param>
/// <param name="writes">What becomes of that.</param>
/// <param name="modelOf">The tables, for a database of that kind.</param>
internal sealed class WatchedDataSource(DbDataSource inner, CommandWatch watch, WriteLog writes, Func<SqlDialect, ContextModel> modelOf) : DbDataSource
{
    private readonly Lazy<ContextModel> _model = new(() =>
    {
        using var connection = inner.CreateConnection();
        return modelOf(DialectOf(connection));
    });

    public override string ConnectionString => inner.ConnectionString;

    protected override DbConnection CreateDbConnection()
    {
        var connection = inner.CreateConnection();
        return ProviderNames.Decorate(connection, new ConnectionWatch(watch, writes, _model.Value, connection, context: null), ownsInner: true);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsyncCore().ConfigureAwait(false);
    }

    private static SqlDialect DialectOf(DbConnection connection) => connection.GetType().FullName switch
    {
        "Microsoft.Data.Sqlite.SqliteConnection" => SqlDialect.Sqlite,
        "Npgsql.NpgsqlConnection" => SqlDialect.PostgreSql,
        "Microsoft.Data.SqlClient.SqlConnection" or "System.Data.SqlClient.SqlConnection" => SqlDialect.SqlServer,
        _ => SqlDialect.Other,
    };
}
