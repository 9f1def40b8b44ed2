using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Repository.Tests;

/// <summary>The direction of dependencies that ARCHITECTURE.md states.</summary>
public sealed partial class DependencyTests
{
    [Fact]
    public void Freshet_ReferencesNoSibling() => Assert.Empty(ProjectReferences("Freshet"));

    [Fact]
    public void Client_ReferencesNothing()
    {
        Assert.Empty(ProjectReferences("Freshet.Client"));
        Assert.Empty(Project("Freshet.Client").Descendants("PackageReference"));
        Assert.Empty(Project("Freshet.Client").Descendants("FrameworkReference"));
    }

    [Theory]
    [InlineData("Freshet.AspNetCore")]
    [InlineData("Freshet.EntityFrameworkCore")]
    public void Adapters_ReferenceTheEngineOnly(string project) => Assert.Equal(["Freshet"], ProjectReferences(project));

    [Fact]
    public void Freshet_UsesAbstractionsOnly()
    {
        var packages = Project("Freshet").Descendants("PackageReference").Select(e => (string)e.Attribute("Include")!).ToArray();

        Assert.NotEmpty(packages);
        Assert.All(packages, p => Assert.StartsWith("Microsoft.Extensions.", p, StringComparison.Ordinal));
        Assert.Empty(Project("Freshet").Descendants("FrameworkReference"));
    }

    [Fact]
    public void Coherence_UsesKeysOnly()
    {
        var files = Repository.Files("src/Freshet/Coherence", "*.cs").ToArray();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.All(
            FreshetUsing().Matches(File.ReadAllText(file)).Select(m => m.Groups["folder"].Value),
            used => Assert.True(used == "Keys", $"{Repository.Relative(file)} uses Freshet.{used}")));
    }

    [Fact]
    public void Coherence_HasNoClockNoThreadsNoInputOrOutput()
    {
        string[] forbidden = ["TimeProvider", "Task", "await ", "Thread.", "Timer", "File.", "Socket", "ILogger", "HttpContext"];
        foreach (var file in Repository.Files("src/Freshet/Coherence", "*.cs"))
        {
            foreach (var line in File.ReadLines(file).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)))
                Assert.False(forbidden.Any(f => line.Contains(f, StringComparison.Ordinal)), $"{Repository.Relative(file)}: {line.Trim()}");
        }
    }

    private static string[] ProjectReferences(string project) => [.. Project(project)
        .Descendants("ProjectReference")
        .Select(e => Path.GetFileNameWithoutExtension((string)e.Attribute("Include")!))];

    private static XDocument Project(string name) => XDocument.Load(Path.Combine(Repository.Root, "src", name, name + ".csproj"));

    [GeneratedRegex(@"^using (?:static )?Freshet\.(?<folder>\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex FreshetUsing();
}
