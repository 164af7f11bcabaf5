namespace CityHub.Sharing.Access;

/// <summary>The governed tree of purposes as a decision sees it.</summary>
public interface IPurposes
{
    /// <summary>Listed, and neither it nor any purpose above it withdrawn.</summary>
    bool IsKnown(string code);

    /// <summary>A purpose covers itself and what is below it in the tree, never what is above or beside it.</summary>
    bool Covers(string granted, string asked);

    /// <summary>What binds every release for this purpose: its own, met with those of all purposes above it.</summary>
    Obligations Of(string code);
}
