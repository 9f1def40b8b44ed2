using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Freshet.Simulation;

namespace Freshet.Tests.Simulation;

/// <summary>Each rule of the protocol stands in its text, at the line that obeys it, in a test's name and in a variant.</summary>
public partial class RuleTests
{
    /// <summary>C1 to C15 and C17; C16 (strict mode) is not part of the protocol yet.</summary>
    public static TheoryData<int> Rules => [.. Enumerable.Range(1, 15), 17];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Rule_HasATest(int rule) =>
        Assert.Contains(TestNames(), name => RulesIn(name).Contains(rule));

    [Theory]
    [MemberData(nameof(Rules))]
    public void Rule_HasABrokenVariant(int rule) =>
        Assert.Contains(Variants.All, variant => RulesIn(variant.Name).Contains(rule));

    [Theory]
    [MemberData(nameof(Rules))]
    public void Rule_StandsInTheSource(int rule) =>
        Assert.Contains(Lines("src"), line => InComment().Matches(line).Any(m => m.Groups["rule"].Value == $"{rule}"));

    [Theory]
    [MemberData(nameof(Rules))]
    public void Rule_StandsInTheProtocol(int rule) =>
        Assert.Contains($"### C{rule} ", File.ReadAllText(Path.Combine(Root(), "docs", "protocols", "coherence.md")), StringComparison.Ordinal);

    [Fact]
    public void ProtocolNamesEveryVariantAndOnlyTestsThatExist()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "docs", "protocols", "coherence.md"));
        var known = Lines("tests").SelectMany(line => RuleName().Matches(line)).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);

        Assert.All(RuleName().Matches(text).Select(m => m.Value), name => Assert.Contains(name, known));
        Assert.All(Variants.All, variant => Assert.Contains(variant.Name, text, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bC(?<rule>\d+)\b(?<=//.*)", RegexOptions.None, 1000)]
    private static partial Regex InComment();

    [GeneratedRegex(@"\bC\d+(?:_C\d+)*_[A-Z]\w+", RegexOptions.None, 1000)]
    private static partial Regex RuleName();

    [GeneratedRegex(@"(?<=^|_)C(?<rule>\d+)(?=_)", RegexOptions.None, 1000)]
    private static partial Regex RuleNumber();

    private static IEnumerable<int> RulesIn(string name) =>
        RuleNumber().Matches(name).Select(m => int.Parse(m.Groups["rule"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));

    private static IEnumerable<string> TestNames() =>
        from type in Assembly.GetExecutingAssembly().GetTypes()
        from method in type.GetMethods()
        where method.GetCustomAttributes().Any(a => a is FactAttribute)
        select method.Name;

    private static IEnumerable<string> Lines(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root(), folder), "*.cs", SearchOption.AllDirectories).SelectMany(File.ReadLines);

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
