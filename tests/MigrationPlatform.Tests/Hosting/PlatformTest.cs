namespace MigrationPlatform.Tests.Hosting;

/// <summary>One platform for a class of tests, and the three users everybody knows. Tests that write use rows of their own.</summary>
public sealed class PlatformFixture : IAsyncLifetime
{
    internal Platform Platform { get; private set; } = null!;

    /// <summary>The admin of acme.</summary>
    internal HttpClient Alice { get; private set; } = null!;

    /// <summary>An editor of acme.</summary>
    internal HttpClient Bob { get; private set; } = null!;

    /// <summary>A viewer of acme.</summary>
    internal HttpClient Vera { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Platform = await Platform.StartAsync();
        Alice = await Platform.SignInAsync("alice@acme");
        Bob = await Platform.SignInAsync("bob@acme");
        Vera = await Platform.SignInAsync("vera@acme");
    }

    public async ValueTask DisposeAsync() => await Platform.DisposeAsync();
}

public abstract class PlatformTest(PlatformFixture fixture) : IClassFixture<PlatformFixture>
{
    internal Platform Platform => fixture.Platform;
    internal HttpClient Alice => fixture.Alice;
    internal HttpClient Bob => fixture.Bob;
    internal HttpClient Vera => fixture.Vera;
}
