using IdP.Server.Factors;
using IdP.Server.StepUp;

namespace IdP.Server.Settings;

/// <summary>A guarded action as the confirming page knows it.</summary>
/// <param name="Path">Where the action itself happens, once it is proven.</param>
/// <param name="First">The kind to ask for first: the one that the action concerns.</param>
internal sealed record SettingsAction(GuardedAction Guard, string Path, string Words, string? First = null);

/// <summary>Reads an action from an address: a closed set, and only this person's own things.</summary>
internal sealed class SettingsActions(FactorBindings bindings, SecondFactors factors, Enrolments enrolments)
{
    public async Task<SettingsAction?> ReadAsync(string? name, string userId, CancellationToken cancel)
    {
        if (name is not { Length: < 100 })
            return null;
        if (name == GuardedAction.Password.Name)
            return new(GuardedAction.Password, "/account/password", SettingsTexts.ToChangePassword);

        var cut = name.IndexOf(':', StringComparison.Ordinal);
        if (cut < 0)
            return null;
        var (verb, thing) = (name[..cut], name[(cut + 1)..]);
        if (verb == "bind")
        {
            return enrolments.Find(thing) is not { Kind: var kind }
                ? null
                : new(GuardedAction.Bind(thing), "/account/two-step/bind?factor=" + thing, kind.IsFallback ? SettingsTexts.ToMakeCodes : SettingsTexts.ToBind(kind.Name));
        }

        if (verb is not ("unbind" or "rebind") || await bindings.FindAsync(userId, thing, cancel) is not { } binding || factors.FindKind(binding.Factor) is not { Kind: var bound })
            return null;
        return verb == "unbind"
            ? new(GuardedAction.Unbind(thing), "/account/two-step/unbind?id=" + thing, bound.IsFallback ? SettingsTexts.ToRemoveCodes : SettingsTexts.ToUnbind(bound.Name), binding.Factor)
            : new(GuardedAction.Rebind(thing), $"/account/two-step/bind?factor={binding.Factor}&replaces={thing}", bound.IsFallback ? SettingsTexts.ToMakeCodes : SettingsTexts.ToRebind(bound.Name), binding.Factor);
    }
}
