namespace Freshet.EntityFrameworkCore.Sql;

/// <content>INSERT, UPDATE and DELETE.</content>
internal sealed partial class SqlParser
{
    private static readonly string[] InsertModifiers = ["OR", "REPLACE", "ABORT", "FAIL", "IGNORE", "ROLLBACK", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"];
    private static readonly string[] BehindDeleted = ["FROM", "USING", "WHERE", "RETURNING", "OUTPUT", "ORDER", "LIMIT", "INDEXED", "NOT", "OPTION"];

    // INSERT [OR …] INTO target [(columns)] VALUES … | SELECT … [ON CONFLICT …] [RETURNING …]
    private void Insert(int start, int end)
    {
        var into = start + 1;
        while (Array.Exists(InsertModifiers, w => Is(into, w)))
            into++;
        var scope = new SqlScope(around: null);
        var at = into + 1;
        if (!Is(into, "INTO") || Target(ref at, end) is not var (table, schema))
        {
            UnknownWrite("an INSERT is not understood");
            return;
        }

        // REPLACE removes rows that are in the way, and so may an upsert change them.
        var replaces = Enumerable.Range(start, end - start).Any(i => Is(i, "REPLACE"));
        Account(start, into);
        AccountUpsert(at, end);
        var target = new SqlItem { Alias = DeclareAlias(table), Table = table, Schema = schema, Scope = scope, Facts = scope.Facts };
        _tree.Writes.Add(new SqlWrite(replaces ? SqlWriteKind.Delete : SqlWriteKind.Insert, target, null));
        OutputInto(at, end);

        for (var i = at; i < end; i = Next(i))
        {
            if (!Is(i, "SELECT") && !Is(i, "WITH"))
                continue;
            Query(i, end, scope);
            return;
        }

        Expressions(at, end, scope);
    }

    private void AccountUpsert(int start, int end)
    {
        for (var i = start; i < end; i++)
        {
            if (Is(i, "UPDATE") && Is(i - 1, "DO"))
                _accounted[i] = true;
        }
    }

    // UPDATE [OR …] [ONLY] target [AS alias] SET … [FROM …] [WHERE …] [RETURNING …]
    private void Update(int start, int end)
    {
        var at = start + 1;
        if (Is(at, "OR"))
            at += 2;
        if (Is(at, "ONLY"))
            at++;
        _accounted[start] = true;
        var scope = new SqlScope(around: null);
        if (Target(ref at, end) is not var (table, schema))
        {
            UnknownWrite("an UPDATE is not understood");
            return;
        }

        var alias = Alias(ref at, end);
        var set = at;
        if (!Is(set, "SET"))
        {
            set = Clause("SET", start, end);
            SeveralTables(SqlWriteKind.Update, start + 1, set, end);
            return;
        }

        var from = Clause("FROM", set, end);
        var where = Clause("WHERE", set, end);
        var returning = Math.Min(Clause("RETURNING", set, end), Clause("OUTPUT", set, end));
        var setEnd = Math.Min(Math.Min(from, where), returning);
        var target = Modified(table, schema, alias, from, returning < from ? where : Math.Min(where, returning), scope);
        Where(where, returning, end, scope);
        OutputInto(set, end);
        Expressions(set, setEnd, scope);
        _tree.Writes.Add(new SqlWrite(SqlWriteKind.Update, target, SetColumns(set + 1, setEnd)));
    }

    // DELETE [FROM] target [AS alias] [FROM | USING …] [WHERE …] [RETURNING …]
    private void Delete(int start, int end)
    {
        var at = start + 1;
        _accounted[start] = true;
        if (Is(at, "FROM"))
            at++;
        if (Is(at, "ONLY"))
            at++;
        var scope = new SqlScope(around: null);
        if (Target(ref at, end) is not var (table, schema))
        {
            UnknownWrite("a DELETE is not understood");
            return;
        }

        var alias = Alias(ref at, end);
        var from = Math.Min(Clause("FROM", at, end), Clause("USING", at, end));
        var where = Clause("WHERE", at, end);
        if (at < end && !Array.Exists(BehindDeleted, w => Is(at, w)))
        {
            SeveralTables(SqlWriteKind.Delete, from + 1, where, end);
            return;
        }

        var returning = Math.Min(Clause("RETURNING", at, end), Clause("OUTPUT", at, end));
        var target = Modified(table, schema, alias, from, returning < from ? where : Math.Min(where, returning), scope);
        Where(where, returning, end, scope);
        OutputInto(at, end);
        _tree.Writes.Add(new SqlWrite(SqlWriteKind.Delete, target, null));
    }

    // MySQL: DELETE a, b FROM …, DELETE FROM a, b USING …, UPDATE a, b SET …. Every table that is named counts as written,
    // whichever of its rows.
    private void SeveralTables(SqlWriteKind kind, int from, int fromEnd, int end)
    {
        var scope = new SqlScope(around: null);
        if (from < fromEnd && fromEnd <= end)
            From(from, fromEnd, scope, scope.Facts);
        var tables = scope.Items.Where(i => i.Table is not null).ToList();
        if (tables.Count == 0 || _tree.UnknownRead is not null)
            UnknownWrite("a modification of several tables is not understood");
        foreach (var item in tables)
        {
            var any = new SqlScope(around: null);
            var target = new SqlItem { Alias = item.Alias, Table = item.Table, Schema = item.Schema, Scope = any, Facts = any.Facts };
            _tree.Writes.Add(new SqlWrite(kind, target, null));
        }

        Expressions(Math.Min(fromEnd, end), end, scope);
    }

    // SQL Server: OUTPUT … INTO table writes that one, too.
    private void OutputInto(int start, int end)
    {
        for (var i = Clause("OUTPUT", start, end); i < end; i = Next(i))
        {
            var at = i + 1;
            // INTO @t is a variable.
            if (!Is(i, "INTO") || (at < end && _tokens[at].Kind is SqlTokenKind.Parameter))
                continue;
            if (Target(ref at, end) is not var (table, schema))
            {
                UnknownWrite("an OUTPUT is not understood");
                return;
            }

            var scope = new SqlScope(around: null);
            var target = new SqlItem { Alias = DeclareAlias(table), Table = table, Schema = schema, Scope = scope, Facts = scope.Facts };
            _tree.Writes.Add(new SqlWrite(SqlWriteKind.Insert, target, null));
        }
    }

    private (string Table, string? Schema)? Target(ref int at, int end)
    {
        if (at >= end || !IsName(at))
            return null;
        var schema = default(string);
        while (IsSymbol(at + 1, ".") && IsName(at + 2))
        {
            _accounted[at] = true;
            schema = _tokens[at].Text;
            at += 2;
        }

        _accounted[at] = true;
        return (_tokens[at++].Text, schema);
    }

    /// <summary>The first such word at this depth; <paramref name="end"/> when there is none.</summary>
    private int Clause(string word, int start, int end)
    {
        for (var i = start; i < end; i = Next(i))
        {
            if (Is(i, word) && !IsSymbol(i - 1, ".") && !Is(i - 1, "AS") && !(Is(i - 1, "DISTINCT") && word == "FROM"))
                return i;
        }

        return end;
    }

    private SqlItem Modified(string table, string? schema, string? alias, int from, int fromEnd, SqlScope scope)
    {
        if (from < fromEnd)
        {
            // RIGHT and FULL joins in the FROM of a modification: only its WHERE is believed.
            scope.OnlyWhere = Enumerable.Range(from, fromEnd - from).Any(i => Is(i, "RIGHT") || Is(i, "FULL"));
            From(from + 1, fromEnd, scope, scope.Facts);
            // UPDATE m SET … FROM Mappings AS m: the target is an alias.
            if (schema is null && scope.Items.Find(i => string.Equals(i.Alias, table, StringComparison.OrdinalIgnoreCase)) is { Table: not null } named)
                return named;
        }

        var item = new SqlItem { Alias = DeclareAlias(alias ?? table), Table = table, Schema = schema, Scope = scope, Facts = scope.Facts };
        scope.Items.Add(item);
        return item;
    }

    private void Where(int where, int returning, int end, SqlScope scope)
    {
        if (where < end)
            Condition(where + 1, where < returning ? returning : end, scope, scope.Facts);
        Expressions(Math.Min(where, returning), end, scope);
    }

    private List<string>? SetColumns(int start, int end)
    {
        var columns = new List<string>();
        var from = start;
        for (var i = start; i <= end; i = i < end ? Next(i) : i + 1)
        {
            if (i < end && !IsSymbol(i, ","))
                continue;
            if (ColumnAt(from, out var after) is not { } column || !IsSymbol(after, "="))
                return null;
            columns.Add(column.Column);
            from = i + 1;
        }

        return columns;
    }
}
