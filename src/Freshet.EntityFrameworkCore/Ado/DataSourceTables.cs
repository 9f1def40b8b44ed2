using Freshet.EntityFrameworkCore.Schema;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>Declares the tables of a data source that no context of Entity Framework describes. Used while the application starts; not thread-safe.</summary>
public sealed class DataSourceTables
{
    private readonly List<DeclaredTable> _tables = [];

    internal DataSourceTables()
    {
    }

    internal IReadOnlyList<DeclaredTable> Tables => _tables;

    /// <summary>
    /// A table that holds the rows of an entity. Its key, its tenant and its parents are declared by <c>AddEntities</c>; without
    /// a key, what reads a row depends on the whole type. A command that names a table which is not declared reads everything,
    /// and may write everything.
    /// </summary>
    /// <typeparam name="TEntity">The entity's class.</typeparam>
    /// <param name="name">The table's name.</param>
    /// <param name="schema">Its schema; null for the default one.</param>
    /// <param name="column">The column of a property that is part of a key, as SQL names it: in double quotes where SQL needs
    /// them. When null, the name of the property. A column of strings must be compared with regard to case.</param>
    public DataSourceTables Table<TEntity>(string name, string? schema = null, Func<string, string>? column = null)
        where TEntity : class
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _tables.Add(new DeclaredTable(typeof(TEntity), name, schema, column ?? (static property => property)));
        return this;
    }
}
