using System.Text.RegularExpressions;

namespace Repository.Tests;

/// <summary>What documents name exists.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void EveryPathThatADocumentNames_Exists()
    {
        var missing = new List<string>();
        var seen = 0;
        foreach (var document in Repository.Documents())
        {
            foreach (Match match in Named().Matches(File.ReadAllText(document)))
            {
                seen++;
                var path = Path.Combine(Repository.Root, match.Groups["path"].Value.TrimEnd('/'));
                if (!File.Exists(path) && !Directory.Exists(path))
                    missing.Add($"{Repository.Relative(document)}: {match.Groups["path"].Value}");
            }
        }

        Assert.True(seen > 20, $"Only {seen} paths were found: the pattern no longer fits the documents.");
        Assert.Empty(missing);
    }

    [Fact]
    public void EveryRelativeLink_LeadsSomewhere()
    {
        var broken = new List<string>();
        foreach (var document in Repository.Documents())
        {
            foreach (Match match in Link().Matches(File.ReadAllText(document)))
            {
                var target = match.Groups["target"].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
                    continue;
                var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, target));
                if (!File.Exists(path) && !Directory.Exists(path))
                    broken.Add($"{Repository.Relative(document)}: {target}");
            }
        }

        Assert.Empty(broken);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("LICENSE")]
    [InlineData("docs/protocols/coherence.md")]
    public void Document_IsThere(string path) => Assert.True(new FileInfo(Path.Combine(Repository.Root, path)) is { Exists: true, Length: > 500 }, path);

    // A path in backticks below one of the repository's folders, without placeholders or wildcards.
    [GeneratedRegex(@"`(?<path>(?:src|tests|bench|docs|samples|eng|\.ci)/[A-Za-z0-9_./-]+)`", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Named();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Link();
}
