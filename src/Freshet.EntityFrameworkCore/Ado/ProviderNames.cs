using System.Data.Common;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>
/// Dapper, and much that is built on it, finds out by the name of a connection's class what its database can do: arrays as
/// parameters, for one. So a decorated connection has the name of the provider's.
/// </summary>
internal static class ProviderNames
{
    public static FreshetConnection Decorate(DbConnection inner, ConnectionWatch watch, bool ownsInner) => inner.GetType().Name switch
    {
        nameof(NpgsqlConnection) => new NpgsqlConnection(inner, watch, ownsInner),
        nameof(SqliteConnection) => new SqliteConnection(inner, watch, ownsInner),
        nameof(SqlConnection) => new SqlConnection(inner, watch, ownsInner),
        nameof(MySqlConnection) => new MySqlConnection(inner, watch, ownsInner),
        nameof(OracleConnection) => new OracleConnection(inner, watch, ownsInner),
        _ => new FreshetConnection(inner, watch, ownsInner),
    };

    private sealed class NpgsqlConnection(DbConnection inner, ConnectionWatch watch, bool ownsInner) : FreshetConnection(inner, watch, ownsInner);

    private sealed class SqliteConnection(DbConnection inner, ConnectionWatch watch, bool ownsInner) : FreshetConnection(inner, watch, ownsInner);

    private sealed class SqlConnection(DbConnection inner, ConnectionWatch watch, bool ownsInner) : FreshetConnection(inner, watch, ownsInner);

    private sealed class MySqlConnection(DbConnection inner, ConnectionWatch watch, bool ownsInner) : FreshetConnection(inner, watch, ownsInner);

    private sealed class OracleConnection(DbConnection inner, ConnectionWatch watch, bool ownsInner) : FreshetConnection(inner, watch, ownsInner);
}
