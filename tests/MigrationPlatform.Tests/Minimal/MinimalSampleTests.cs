using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MigrationPlatform.Tests.Minimal;

/// <summary>Plays the curl lines at the head of <c>samples/Minimal/Program.cs</c> against the sample, as a process of its own.</summary>
public sealed partial class MinimalSampleTests
{
    [Fact]
    public async Task TheCurlLinesOfItsHead_AnswerWhatTheySay()
    {
        var root = RepositoryRoot();
        var lines = CurlLine().Matches(await File.ReadAllTextAsync(Path.Combine(root, "samples/Minimal/Program.cs")));
        Assert.Equal(4, lines.Count);

        // The sample is built into the folder beside this test's own.
        var folder = AppContext.BaseDirectory.Replace("MigrationPlatform.Tests", "Minimal", StringComparison.Ordinal);
        using var sample = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(folder, "Minimal.dll"), "--urls", "http://127.0.0.1:0"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        try
        {
            using var client = new HttpClient { BaseAddress = await AddressOfAsync(sample) };
            var bodies = new List<string>();
            foreach (var line in lines.Cast<Match>())
            {
                var method = line.Groups["method"] is { Success: true, Value: var named } ? new HttpMethod(named) : HttpMethod.Get;
                using var request = new HttpRequestMessage(method, line.Groups["path"].Value);
                using var answer = await client.SendAsync(request);
                Assert.True(answer.IsSuccessStatusCode, line.Value);
                if (line.Groups["from"] is not { Success: true, Value: var from }) continue;
                Assert.Equal(from, answer.Headers.GetValues("X-Cache").Single());
                bodies.Add(await answer.Content.ReadAsStringAsync());
            }

            Assert.Equal(bodies[0], bodies[1]);
            Assert.NotEqual(bodies[1], bodies[2], StringComparer.Ordinal);
        }
        finally
        {
            sample.Kill();
            await sample.WaitForExitAsync();
        }
    }

    private static async Task<Uri> AddressOfAsync(Process sample)
    {
        while (await sample.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is { Success: true } match) return new Uri(match.Groups["address"].Value);
        }

        throw new InvalidOperationException("The sample ended before it listened.");
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Freshet.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository.");
        return folder;
    }

    [GeneratedRegex(@"^//\s+curl -i (-X (?<method>\w+) )?localhost:5000(?<path>\S+)( +X-Cache: (?<from>\w+))?", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CurlLine();

    [GeneratedRegex(@"Now listening on: (?<address>http://\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
