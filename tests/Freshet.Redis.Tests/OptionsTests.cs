using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Freshet.Redis.Tests;

public class OptionsTests
{
    private const string Secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    [Theory]
    [InlineData("Address", "", "Freshet:Redis:Address is missing; write where Redis is, such as redis://localhost:6379.")]
    [InlineData("Address", "redis://:hunter2@host/notanumber", "Freshet:Redis:Address: 'db' of the Redis address is a number from 0 to 65535.")]
    [InlineData("Secret", "", "Freshet:Redis:Secret is missing or too short; all nodes need the same 32 random bytes. Make them with: openssl rand -base64 32")]
    [InlineData("Secret", "aGVsbG8=", "Freshet:Redis:Secret is missing or too short; all nodes need the same 32 random bytes. Make them with: openssl rand -base64 32")]
    [InlineData("Secret", "not base64", "Freshet:Redis:Secret is missing or too short; all nodes need the same 32 random bytes. Make them with: openssl rand -base64 32")]
    [InlineData("AcceptedSecrets:0", "aGVsbG8=", "Freshet:Redis:AcceptedSecrets:0 is no secret or too short; write the next or the former Freshet:Redis:Secret, or leave it out.")]
    [InlineData("AcceptedSecrets:0", Secret, "Freshet:Redis:AcceptedSecrets:0 is Freshet:Redis:Secret or another accepted secret once more; leave it out, or write the other secret of the rotation.")]
    [InlineData("LogLifetime", "00:05:00", "Freshet:Redis:LogLifetime is 00:05:00; set it to a value from 00:10:00 to 365.00:00:00.")]
    [InlineData("Prefix", "a{b", "Freshet:Redis:Prefix has 1 to 64 letters, digits, '-', '_' and ':'.")]
    public void BadSetting_IsNamed_WithWhatToWrite(string key, string value, string message)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Freshet:Redis:Address"] = "redis://localhost:6379",
            ["Freshet:Redis:Secret"] = Secret,
            [$"Freshet:Redis:{key}"] = value,
        };
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddFreshetCore().UseRedis();
        using var provider = services.BuildServiceProvider();
        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        Assert.Equal(message, error.Message);
    }
}
