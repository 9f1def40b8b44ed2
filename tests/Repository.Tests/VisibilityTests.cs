using System.Text.RegularExpressions;

namespace Repository.Tests;

/// <summary>Each statement about what Freshet sees is proven by a test that exists.</summary>
public sealed partial class VisibilityTests
{
    private const string Page = "docs/guide/visibility.md";

    [Fact]
    public void EveryStatement_NamesATestThatExists()
    {
        var tests = Tests();
        var statements = Statements();

        Assert.True(statements.Count > 20, $"Only {statements.Count} statements were found: the pattern no longer fits {Page}.");
        Assert.Empty(statements.Where(s => !Name().IsMatch(s.Proof)).Select(s => $"No test: {s.Text}"));
        Assert.Empty(statements
            .SelectMany(s => Name().Matches(s.Proof).Select(m => m.Groups["name"].Value))
            .Where(name => !tests.Contains(name))
            .Select(name => $"No such test: {name}"));
    }

    // The rows of the tables whose second column is headed "shown by".
    private static List<(string Text, string Proof)> Statements()
    {
        var statements = new List<(string, string)>();
        var shown = false;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, Page)))
        {
            if (!line.StartsWith('|'))
                shown = false;
            else if (line.Contains("| shown by |", StringComparison.Ordinal))
                shown = true;
            else if (shown && Row().Match(line) is { Success: true } row)
                statements.Add((row.Groups["text"].Value, row.Groups["proof"].Value));
        }

        return statements;
    }

    private static HashSet<string> Tests() =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .SelectMany(file => Method().Matches(File.ReadAllText(file)).Select(m => m.Groups["name"].Value))];

    [GeneratedRegex(@"^\| (?<text>[^|]+) \| (?<proof>[^|]+) \|$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<name>[A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"\[(Fact|Theory)[^\n]*\][\s\S]*?public (static )?(async )?(void|Task|ValueTask) (?<name>[A-Za-z0-9_]+)\(", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Method();
}
