using System.Collections.Frozen;

namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>Finds the texts that cannot write and cannot say anything of a transaction, without analysing them.</summary>
/// <remarks>
/// Every word of the text counts, wherever it is: in a comment, a string or a name in quotes as well. So nothing can hide,
/// and a text that is read wrongly here is at worst analysed without need.
/// </remarks>
internal static class SqlReadOnly
{
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Queries = Set("SELECT WITH VALUES");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Writes =
        Set("INTO BEGIN COMMIT ROLLBACK SAVE " + string.Join(' ', SqlWords.Modifies));

    // Where statements need no semicolon between them: the words that begin one.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Statements = Set(
        "CREATE ALTER DROP GRANT DENY REVOKE DECLARE SET IF WHILE PRINT RAISERROR THROW BACKUP RESTORE BULK DBCC KILL SHUTDOWN USE WAITFOR "
        + "RECONFIGURE CHECKPOINT OPEN CLOSE DEALLOCATE GOTO RETURN READTEXT WRITETEXT UPDATETEXT DISABLE ENABLE SEND RECEIVE MOVE GET ADD "
        + "REVERT SETUSER RENAME");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Harmless =
        Set(string.Join(' ', SqlWords.BeforeParenthesis.Concat(SqlWords.PureFunctions).Concat(SqlWords.PureTableFunctions)));

    public static bool CannotWrite(ReadOnlySpan<char> text, SqlDialect dialect)
    {
        var needsSemicolon = dialect is SqlDialect.Sqlite or SqlDialect.PostgreSql;
        var begins = true;
        for (var at = 0; at < text.Length;)
        {
            var c = text[at];
            if (IsPart(c))
            {
                var end = at;
                while (end < text.Length && IsPart(text[end]))
                    end++;
                var word = text[at..end];
                if (begins && !Queries.Contains(word))
                    return false;
                // SQL Server reads 1DELETE as a number and a word.
                if (char.IsAsciiDigit(c) && word.ContainsAnyExceptInRange('0', '9'))
                    return false;
                if (Writes.Contains(word) || (!needsSemicolon && Statements.Contains(word)) || (Calls(text, end) && !IsHarmlessCall(text, at, end)))
                    return false;
                begins = false;
                at = end;
                continue;
            }

            // A comment may hide what belongs together; one in front of a statement hides nothing.
            if (c == '-' && At(text, at + 1) == '-')
            {
                if (!begins || dialect is SqlDialect.Other)
                    return false;
                at = EndOfLine(text, at);
                continue;
            }

            if ((c == '/' && At(text, at + 1) == '*') || (c == '#' && dialect is SqlDialect.Other))
                return false;
            // A call of a name in quotes, or of one in other letters.
            if ((c is '"' or '`' or ']' || IsForeign(c)) && Calls(text, at + 1))
                return false;
            if (begins && c is not (';' or '(') && !IsBlank(c))
                return false;
            begins |= c == ';';
            at++;
        }

        return true;
    }

    private static bool IsHarmlessCall(ReadOnlySpan<char> text, int start, int end)
    {
        if (IsForeign(At(text, start - 1)))
            return false;
        var before = start - 1;
        while (IsBlank(At(text, before)))
            before--;
        // A function of a schema may have any name.
        return At(text, before) != '.' && Harmless.Contains(text[start..end]);
    }

    private static bool Calls(ReadOnlySpan<char> text, int at)
    {
        while (IsBlank(At(text, at)))
            at++;
        return At(text, at) == '(';
    }

    private static char At(ReadOnlySpan<char> text, int at) => at >= 0 && at < text.Length ? text[at] : '\0';

    private static int EndOfLine(ReadOnlySpan<char> text, int at)
    {
        var length = text[at..].IndexOfAny('\n', '\r');
        return length < 0 ? text.Length : at + length;
    }

    private static bool IsBlank(char c) => c is ' ' or '\n' or '\r' or '\t';

    private static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    // Part of a name in some database and a blank or a symbol in another.
    private static bool IsForeign(char c) => c is '@' or '#' || !char.IsAscii(c);

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words) =>
        words.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}
