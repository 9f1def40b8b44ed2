namespace MigrationPlatform.Development;

/// <summary>
/// Whether the cache answers: <c>Freshet:Enabled</c> when the platform starts, <c>POST /dev/cache</c> while it runs. Writes
/// are reported to the cache in either case, so it is never behind when it is turned on again.
/// </summary>
internal sealed class CacheSwitch(IConfiguration configuration)
{
    private volatile bool _isOn = configuration.GetValue("Freshet:Enabled", defaultValue: true);

    public bool IsOn
    {
        get => _isOn;
        set => _isOn = value;
    }
}
