using System.Globalization;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>Random conditions, of parameters alone or of columns as well. @b0 to @b3 are flags, @i0 to @i3 numbers, @x0 to @x3 anything.</summary>
internal sealed class RandomConditions(Random random, bool isSqlite)
{
    public string Guard(int depth) => depth <= 0 ? LeafGuard() : random.Next(6) switch
    {
        0 => Joined(" AND ", () => Guard(depth - 1)),
        1 => Joined(" OR ", () => Guard(depth - 1)),
        2 => $"NOT {Guard(depth - 2)}",
        3 => $"({Guard(depth - 1)})",
        4 => $"({Guard(depth - 1)}) IS {Maybe("NOT ")}{Pick("NULL", "TRUE", "FALSE")}",
        _ => LeafGuard(),
    };

    /// <summary>A condition on the columns, in which guards stand beside equalities.</summary>
    public string Condition(int depth, params string[] aliases) => depth <= 0 ? Leaf(aliases) : random.Next(9) switch
    {
        0 or 1 => Joined(" AND ", () => Condition(depth - 1, aliases)),
        2 or 3 => Joined(" OR ", () => Condition(depth - 1, aliases)),
        4 => $"NOT ({Condition(depth - 1, aliases)})",
        5 => $"({Condition(depth - 1, aliases)})",
        6 => Case(depth - 1, aliases),
        7 => $"({Guard(1)} OR {Leaf(aliases)})",
        _ => Leaf(aliases),
    };

    private string Case(int depth, string[] aliases)
    {
        var whens = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
            $"WHEN {(random.Next(2) == 0 ? Guard(1) : Condition(depth - 1, aliases))} THEN {Condition(depth - 1, aliases)} "));
        var text = $"CASE {whens}{(random.Next(3) == 0 ? "" : $"ELSE {Condition(depth - 1, aliases)} ")}END";
        return isSqlite && random.Next(3) == 0
            ? $"CASE {string.Concat(Enumerable.Range(0, 2).Select(_ => $"WHEN {Condition(depth - 1, aliases)} THEN {random.Next(2)} "))}ELSE {random.Next(2)} END = {random.Next(2)}"
            : text;
    }

    private string Leaf(string[] aliases)
    {
        var alias = aliases[random.Next(aliases.Length)];
        var other = aliases[random.Next(aliases.Length)];
        var column = $"{alias}.\"{Pick("Id", "ImportId")}\"";
        return random.Next(9) switch
        {
            0 or 1 => LeafGuard(),
            2 => $"{column} IS {Maybe("NOT ")}NULL",
            3 => $"{column} BETWEEN {Number()} AND {Number()}",
            4 => $"{column} IN ({Number()}, {Number()})",
            5 => $"{column} = {other}.\"{Pick("Id", "ImportId")}\"",
            6 => $"{column} <> {Number()}",
            7 => $"{Number()} = {column}",
            _ => $"{column} = {Number()}",
        };
    }

    private string LeafGuard()
    {
        var (flag, number) = (Parameter("b"), Parameter("i"));
        var leaf = random.Next(16) switch
        {
            0 or 1 or 2 => flag,
            3 => Pick("TRUE", "FALSE", "1 = 0", "1 = 1", "2 <> 1", "-1 = 1"),
            4 => $"{flag} IS {Maybe("NOT ")}{Pick("NULL", "TRUE", "FALSE")}",
            5 => $"{flag} {Pick("=", "<>", "!=")} {Pick("TRUE", "FALSE", Parameter("b"))}",
            6 => $"{number} {Pick("=", "<>", "!=")} {Pick("0", "1", "-1", Parameter("i"))}",
            7 => $"{number} IS {Maybe("NOT ")}NULL",
            8 => $"CAST({flag} AS boolean)",
            9 => $"CAST({number} AS {Pick("int", "integer", "bigint")}) = {Pick("0", "1", number)}",
            10 => $"({flag} {Pick("=", "<>")} {Parameter("b")}) = {flag}",
            11 => $"NOT {flag}",
            12 => $"{number} = {Pick("NULL", "1")}",
            13 => $"CAST({number} AS {Pick("boolean", "text")}) IS NULL",
            _ => null,
        };
        if (leaf is not null)
            return leaf;
        var anything = Parameter("x");
        return isSqlite
            ? Pick(number, anything, "1", "0", "NULL", $"{flag} = 1", $"{number} = TRUE", $"{anything} = {Pick("1", "'x'", "'1'", "TRUE", number, Parameter("x"))}", $"{anything} IS {Maybe("NOT ")}{Pick("NULL", "TRUE")}", $"(NOT NOT {number}) <> {Pick("1", "2", "-1")}", $"CAST({anything} AS {Pick("int", "boolean", "text", "numeric")}) IS NULL", $"(NOT {number}) <> {flag}")
            : Pick($"{flag}::boolean", $"{number}::int = 1", $"{anything} IS {Maybe("NOT ")}NULL", $"{number}::int::boolean", $"{anything}::text IS NULL", $"{flag}::int = 1", "NULL::boolean");
    }

    private string Number() => Pick("0", "1", "2", "-1", Parameter("i"));

    private string Parameter(string kind) => string.Create(CultureInfo.InvariantCulture, $"@{kind}{random.Next(4)}");

    private string Maybe(string text) => random.Next(2) == 0 ? text : "";

    private string Pick(params string[] texts) => texts[random.Next(texts.Length)];

    private string Joined(string word, Func<string> part) => $"({string.Join(word, Enumerable.Range(0, random.Next(2, 4)).Select(_ => part()))})";
}
