namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>What differs between databases as far as the analysis of their commands is concerned.</summary>
internal enum SqlDialect : byte
{
    /// <summary>Not known: text with constructs that databases read differently is not analysed, and strings refine nothing.</summary>
    Other,
    Sqlite,
    PostgreSql,
    SqlServer,
}
