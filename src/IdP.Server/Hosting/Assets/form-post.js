// The page's only form carries the answer back to the app; without scripts its button does.
document.forms[0].submit();
